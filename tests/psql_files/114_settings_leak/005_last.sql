insert into log values ('grün'), ('03/02/2026'::date::text);
