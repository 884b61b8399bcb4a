create table c (owner text); insert into c values (current_user || ' ' || session_user);
