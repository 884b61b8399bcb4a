-- The rows begin on the next line; what else stands on this one comes after them.
create table a (t text); create table b (n int);
copy a from stdin; insert into b select count(*) from a; -- comment; it's
one
two
\.
insert into a values ('three'); copy b from stdin; /* ; */ insert into b
10
\.
    select count(*) from a;
