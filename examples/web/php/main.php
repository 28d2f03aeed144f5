<?php
// Reads a table, adds it up in a database, and writes a page.
$lines = array_map("str_getcsv", file(__DIR__ . "/orders.csv", FILE_IGNORE_NEW_LINES));
$head = array_shift($lines);

$database = new PDO("sqlite:" . __DIR__ . "/orders.db");
$database->exec("create table orders (" . implode(", ", $head) . ")");
$insert = $database->prepare("insert into orders values (?, ?, ?, ?)");
foreach ($lines as $line) $insert->execute($line);

$totals = $database->query("select customer, sum(pieces * price) as total from orders group by customer order by total desc");
$rows = "";
foreach ($totals->fetchAll(PDO::FETCH_ASSOC) as ["customer" => $customer, "total" => $total]) {
    printf("%-10s %8.2f\n", $customer, $total);
    $rows .= sprintf("<tr><td>%s<td>%.2f\n", htmlspecialchars($customer), $total);
}
file_put_contents(__DIR__ . "/totals.html", "<table>\n$rows</table>\n");
printf("%s is written, %d bytes\n", "totals.html", filesize(__DIR__ . "/totals.html"));
