'use strict';

const express = require('express');
const quotes = require('./quotes.json');

const app = express();
app.use(express.json());

app.get('/', (request, response) => response.type('html').send(`<h1>${quotes.length} quotes</h1>\n`));
app.get('/quotes', (request, response) => response.json(quotes));
app.get('/quotes/:id', (request, response) => {
  const quote = quotes.find((each) => each.id === Number(request.params.id));
  if (!quote) return response.status(404).json({ error: 'no such quote' });
  return response.json(quote);
});
app.post('/quotes', (request, response) => response.status(201).json({ id: quotes.length + 1, ...request.body }));

app.listen(process.env.PORT || 3000);
