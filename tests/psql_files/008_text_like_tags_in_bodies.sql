-- Inside a body only its own tag ends it.
create function f(a int, b text) returns text language plpgsql as $body$
begin
    if a > $1 then return 'a$body'; end if;
    return format($q$ %s; $body; $$ $Body$ %L $2$q$, $1, $2);
end $body$;
create function g(a$b$ int) returns int language sql as $f$ select a$b$ + 1; $f$;
create table results as select f(1, 'x;$y$') f, g(2) g;
