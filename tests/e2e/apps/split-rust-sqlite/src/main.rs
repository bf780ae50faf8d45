//! A ship's log, kept in memory by SQLite.

use rusqlite::Connection;
use tiny_http::{Response, Server};

fn entries(log: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut query = log.prepare("SELECT day || ': ' || text FROM entry ORDER BY day")?;
    let rows = query.query_map([], |row| row.get(0))?;
    rows.collect()
}

fn opened() -> rusqlite::Result<Connection> {
    let log = Connection::open_in_memory()?;
    log.execute_batch(
        "CREATE TABLE entry (day INTEGER, text TEXT);
         INSERT INTO entry VALUES (2, 'wind from the north'), (1, 'left the harbour'), (3, 'fog');",
    )?;
    Ok(log)
}

fn main() {
    let log = opened().expect("SQLite works in memory");
    let server = Server::http("0.0.0.0:8080").expect("port 8080 is free");
    for request in server.incoming_requests() {
        let body = match request.url() {
            "/" => entries(&log).map(|rows| rows.join("\n") + "\n").unwrap_or_default(),
            "/version" => format!("{}\n", rusqlite::version()),
            _ => String::from("nothing is logged there\n"),
        };
        if let Err(error) = request.respond(Response::from_string(body)) {
            eprintln!("{error}");
        }
    }
}
