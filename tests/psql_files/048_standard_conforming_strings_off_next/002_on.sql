insert into t values (2, '\'); insert into t values (3, ';\');
