-- \copy takes a whole line and no semicolon; a relative name begins where psql was started, at the root of the project.
create table t (id int, a text, b text);
\copy t from 'tests/psql_files/072_copy_from_file/rows.csv' with (format csv, header)
\copy t(b, id) FROM tests/psql_files/072_copy_from_file/rows.txt delimiter '|' where id <> 6
\copy public.t (id, a) from stdin with (delimiter ',')
7,from the file; it's
8,
\.
begin; \copy t (b, id) from 'tests/psql_files/072_copy_from_file/rows.txt' (delimiter '|', null 'b''s')
rollback;
\copy "t" from './tests/psql_files/072_copy_from_file/it''s rows.txt' null '-'
insert into t values (10, 'after');
