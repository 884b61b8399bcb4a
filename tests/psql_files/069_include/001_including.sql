-- \ir looks beside the file, \i from where psql was started: the root of the project.
create table seen (n serial, t text);
\ir parts/first.psql
insert into seen (t) values ('between');
\i tests/psql_files/069_include/parts/second.psql
\ir 'parts/it''s third.psql'
begin; \include_relative parts/fourth.psql
rollback;
\i ./tests/psql_files/069_include/parts/fourth.psql
insert into seen (t) values (:'from_first'), (current_setting('app.from_second'));
