-- What speaks to psql alone changes nothing.
\set ON_ERROR_STOP on
\set QUIET 1
\set VERBOSITY verbose
create table a (id int); create table b (id int) \echo in the middle; it's
; insert into b values (1) /* \echo never; */ ;
\echo 'it''s; done' -- no comment /* ; create table never ();
\echo :nothing "x" $$ ;
insert into a values (1); \echo at the end; insert into a values (3);
insert into a values (2); -- \echo never
    \echo
\echo -n "; '
