-- Loops over everything, as they are written to grant, to own, to secure.
create table a (id int); create table b (id int); create sequence s;
grant select on all tables in schema public to pg_monitor; grant usage on all sequences in schema public to pg_monitor; revoke execute on all functions in schema public from public;
do $$
declare t text;
begin
    for t in select tablename from pg_tables where schemaname = 'public' loop
        execute format('alter table public.%I replica identity full', t);
        execute format('alter table public.%I enable row level security', t);
        execute format('comment on table public.%I is %L', t, 'it''s ' || t);
    end loop;
end $$;
create publication everything for all tables; create table c (id int);
