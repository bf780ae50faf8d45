import { render } from "preact";
import { useState } from "preact/hooks";

import "./tides.css";

const WATERS = [
  { place: "Husum", high: "06:12" },
  { place: "Cuxhaven", high: "07:40" },
];

function Tides() {
  const [shown, setShown] = useState(WATERS);
  const search = (event) => setShown(WATERS.filter(({ place }) => place.startsWith(event.target.value)));
  return (
    <main>
      <input placeholder="place" onInput={search} />
      <ul>{shown.map(({ place, high }) => <li key={place}>{place}: {high}</li>)}</ul>
    </main>
  );
}

render(<Tides />, document.getElementById("app"));
