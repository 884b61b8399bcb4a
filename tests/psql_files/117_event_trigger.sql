-- Sees the statements of the file; what a tool keeps for itself is left out.
create table log (n serial, tag text, what text);
create function note() returns event_trigger language plpgsql as $$
begin
    insert into log (tag, what) select command_tag, object_identity from pg_event_trigger_ddl_commands() where object_identity !~ '^pgbang|schema_migrations';
end $$;
create event trigger noted on ddl_command_end execute function note();
create table a (id int primary key); create index concurrently a_id on a (id, id); alter table a add b int; comment on table a is ';';
create event trigger dropped on sql_drop when tag in ('DROP TABLE') execute function note(); drop event trigger dropped;
