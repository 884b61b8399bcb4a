drop index concurrently if exists id_before; alter table t add constraint t_id primary key using index id_unique;
