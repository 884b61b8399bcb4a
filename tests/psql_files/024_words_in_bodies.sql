-- begin, commit, \., comments and quotes in a body of PL/pgSQL.
create table log (t text);
create function f(n int) returns text language plpgsql as $$
<<outer_block>>
declare
    "commit" text := 'rollback;'; -- it's
begin
    begin
        if n = 1 then raise exception 'one; "%"', n; end if;
    exception when others then
        insert into log values ('caught; ' || sqlerrm); /* commit; $ */
    end;
    for i in 1..3 loop continue when i = 2; insert into log values (i || E'\'\\'); end loop;
    return '
\.
copy log from stdin;
\i nowhere.sql
';
end outer_block
$$;
insert into log select f(1);
