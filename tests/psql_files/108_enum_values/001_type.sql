create type mood as enum ('sad', 'ok'); create table people (name text, m mood default 'ok');
