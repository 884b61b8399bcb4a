-- The end of the file ends the rows, too.
create table t (id int, a text);
insert into t values (0, ';');
copy t from stdin;
1	one
2	two;
