-- server >= 17
create table t (id int, a text default ';d');
copy t from stdin with (on_error ignore, log_verbosity default);
1	one
x	not a number
3	three
\.
copy t from stdin with (default '\D', header match, delimiter ',');
id,a
4,\D
\.
copy t from stdin with (force_null *, format csv);
5,""
6,"\D"
