-- server < 18 or psql >= 18
-- The line \. ends CSV, too. (Older psql sends it to the server as well, which takes it for a row since 18.)
create table t (id int, a text);
copy t from stdin with (format csv, header);
id,a
1,"it's;
-- no comment"
2,\N
\.
copy t from stdin csv;
\.
copy t from stdin csv;
"3","''"
\.
insert into t values (4, 'after');
