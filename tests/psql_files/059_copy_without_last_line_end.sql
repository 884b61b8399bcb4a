create table t (id int, a text); copy t from stdin (format csv);
1,one
2,"two;"