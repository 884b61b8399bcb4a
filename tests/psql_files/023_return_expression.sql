-- server >= 14
-- A body without quotes and without BEGIN.
create function twice(n int) returns int return n * 2; create function thrice(int) returns int immutable return case when $1 > 0 then $1 * 3 end;
create function text_of(n int) returns text language sql return 'n; ' || $1 || $$ end;$$ -- ;
;
create table results as select twice(2), thrice(3), text_of(4);
