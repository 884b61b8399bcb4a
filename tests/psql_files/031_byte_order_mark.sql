create table marked (t text); -- a BOM stands before this statement
insert into marked values ('grün'), (U&'\FEFF'), ('﻿in the middle');
