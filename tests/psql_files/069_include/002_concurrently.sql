-- What needs a transaction of its own, and what is one, in an included file.
\ir parts/concurrently.psql
insert into seen (t) values ('after');
