-- Rows go to standard output, where they do no harm.
create table t (id int, a text); insert into t values (1, 'a;'), (2, E'\\.\n;');
copy t to stdout; COPY (select a from t where a <> ';') TO STDOUT WITH (format csv, header);
copy (insert into t values (3, 'from stdin;') returning id) to stdout; copy t (a) to stdout binary;
insert into t values (4, 'after');
