-- Applies to sessions that begin later, such as that of the next file.
create schema app; create table a (id int);
do $$ begin execute format('alter database %I set search_path = app, public', current_database()); execute format('alter role postgres in database %I set app.x = %L', current_database(), 'it''s;'); end $$;
create table b (id int);
