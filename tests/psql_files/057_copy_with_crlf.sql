create table t (id int, a text);
copy t from stdin;
1	one
2	;two
\.
insert into t values (3, 'between
');
copy t from stdin with (format csv);
4,"a
b"
5,
