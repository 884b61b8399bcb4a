create table c as select current_setting('app.x', true) x, current_setting('search_path') path;
