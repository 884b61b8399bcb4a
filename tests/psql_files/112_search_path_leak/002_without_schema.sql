-- The next file finds it as it should be.
create table b as select id + 1 as id, 'here'::text as n from a; create schema app; set search_path = app, public; create table c (id int);
