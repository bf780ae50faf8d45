'use strict';

const path = require('node:path');

const express = require('express');
const morgan = require('morgan');

const books = require('./books');

const app = express();
app.set('views', path.join(__dirname, '..', 'views'));
app.set('view engine', 'ejs');
app.use(morgan('combined'));
app.use(express.json());
app.use('/static', express.static(path.join(__dirname, '..', 'public')));

app.get('/', (request, response) => {
  response.render('index', { books });
});

app.get('/api/books', (request, response) => {
  const { author } = request.query;
  response.json(author ? books.filter((book) => book.author === author) : books);
});

app.get('/api/books/:id', (request, response) => {
  const book = books.find((each) => each.id === Number(request.params.id));
  if (!book) {
    response.status(404).json({ error: 'no such book' });
    return;
  }
  response.json(book);
});

app.get('/healthz', (request, response) => {
  response.type('text').send('ok\n');
});

const port = process.env.PORT || 3000;
const server = app.listen(port, () => {
  console.log(`the shelf is open on port ${port}`);
});

process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
