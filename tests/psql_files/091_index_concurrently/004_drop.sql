drop index concurrently id_before;
