-- A $ inside a name begins no quote.
create table t$a$ (id int, x$1 int, "y$$" text);
create table u$a$ (id$$ int);
insert into t$a$ values (1, 2, ';'); insert into u$a$ values (3);
create view v$$ as select x$1 as a$b, "y$$" as b$b from t$a$; create view w$$ as select id$$ from u$a$;
create function _$f$(a$ int) returns int language sql as $f$ select a$ $f$;
