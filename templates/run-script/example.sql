-- The days of the last leap year by weekday; a view lives as long as the job.
CREATE TEMPORARY VIEW days AS
SELECT explode(sequence(DATE '2024-01-01', DATE '2024-12-31')) AS day;

SELECT date_format(day, 'EEEE') AS weekday, count(*) AS days
FROM days
GROUP BY weekday
ORDER BY days DESC, weekday;
