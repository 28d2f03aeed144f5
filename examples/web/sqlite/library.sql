-- The page gives this to the shell as its standard input. `/data/library.db` is a file of the tree.
create table book (title text, author text, year integer);
insert into book values
  ('The Left Hand of Darkness', 'Ursula K. Le Guin', 1969),
  ('Invisible Cities', 'Italo Calvino', 1972),
  ('The Periodic Table', 'Primo Levi', 1975),
  ('Kindred', 'Octavia E. Butler', 1979);
.mode column
select year, title, author from book order by year;
.output /data/by-author.csv
.mode csv
select author, title from book order by author;
