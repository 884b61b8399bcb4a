-- Comments, line ends and oddly placed clauses around the body.
create function f() returns int language sql as -- the body; it's below
    /* here; $$ */
    $$ select 1; $$;
create function g(/* a; */ a int, -- ;
    b text default 'x;') returns text language plpgsql
as /* ' */ $body$ begin return b; /* $body */ end; $body$ -- ;
immutable /* ; */ strict cost 5
set search_path from current; create function h() returns text as 'select ''a;''::text' language sql;
create function i() returns text language sql as e'select \'b;\'::text';
