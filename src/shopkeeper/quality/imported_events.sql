-- Events that one import brought and that were not there before: they carry its beginning as the time they came in.
SELECT count(*) AS events FROM events WHERE received_at = $started
