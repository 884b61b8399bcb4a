-- Alone in its file, as other tools want it.
create index concurrently if not exists n_there on t (id, (n || ';')) where id > 1;
