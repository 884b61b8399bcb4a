-- Their rows follow one another.
create table a (t text); create table b (n int);
copy a from stdin; copy b from stdin; insert into b select count(*) from a;
one
two
\.
10
20
\.
insert into b values (-1);
