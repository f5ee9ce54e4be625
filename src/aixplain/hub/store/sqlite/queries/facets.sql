-- name: functions
SELECT function AS value, function AS name, count(*) AS count
FROM models WHERE :found
GROUP BY function ORDER BY count DESC, value;

-- name: suppliers
SELECT supplier AS value, json_extract(body, '$.vendor.name') AS name, count
FROM (SELECT supplier, min(number) AS number, count(*) AS count FROM models WHERE :found GROUP BY supplier)
JOIN bodies USING (number)
ORDER BY count DESC, value;

-- name: sourceLanguages
SELECT code AS value, code AS name, count(*) AS count
FROM (SELECT model AS number, code FROM model_languages WHERE direction = 'source') WHERE :found
GROUP BY code ORDER BY count DESC, value;

-- name: targetLanguages
SELECT code AS value, code AS name, count(*) AS count
FROM (SELECT model AS number, code FROM model_languages WHERE direction = 'target') WHERE :found
GROUP BY code ORDER BY count DESC, value;
