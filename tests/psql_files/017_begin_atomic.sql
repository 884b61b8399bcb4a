-- server >= 14
-- SQL in the body of a routine: its semicolons do not end the CREATE.
create table t (id int primary key, n int);
create function add_one(i int, x int) returns int
begin atomic
    insert into t values (i, x); select max(n) from t where id <= $1;
end;
create or replace function last_n() returns int language sql stable begin atomic; select n from t order by id desc limit 1; end;
create function nothing() returns void begin atomic end;
CREATE FUNCTION shout(t text DEFAULT 'a;') RETURNS text IMMUTABLE STRICT Begin Atomic SELECT $1 || ';$$;' /* ; end */; End; insert into t values (1, 1);
select add_one(2, 5); create table results as select last_n(), shout();
