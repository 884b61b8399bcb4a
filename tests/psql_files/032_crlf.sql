-- Line ends of Windows; they belong to strings and bodies.
create table w (id int, t text); -- comment; it's
insert into w values (1, 'one
two'), (2, 'three'
    'four'), (3, E'five\
six');
create function f() returns text language plpgsql as $$
begin
    return 'a
b'; -- x
end
$$;
copy w from stdin;
4	seven
5	\N
\.
insert into w values (6, f());
\echo done
insert into w select 7, 'eight';
