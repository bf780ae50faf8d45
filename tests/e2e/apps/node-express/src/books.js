'use strict';

module.exports = [
  { id: 1, title: 'The Sea Around Us', author: 'Rachel Carson', year: 1951 },
  { id: 2, title: 'The Voyage of the Beagle', author: 'Charles Darwin', year: 1839 },
  { id: 3, title: 'Arctic Dreams', author: 'Barry Lopez', year: 1986 },
];
