<?php
// What a PHP project does with files. Prints the same on a host directory and packed.
require __DIR__ . "/lib/greeting.php";

echo PHP_VERSION, " ", basename(__FILE__), "\n";
echo greet("packed world"), "\n";
foreach (file(__DIR__ . "/data.csv", FILE_IGNORE_NEW_LINES) as $number => $line) {
    echo $number, ": ", implode("|", str_getcsv($line)), "\n";
}

file_put_contents("/work/new.txt", "written\n");
file_put_contents("/work/new.txt", "appended\n", FILE_APPEND);
var_dump(file_get_contents("/work/new.txt"), filesize("/work/new.txt"));
$file = fopen("/work/new.txt", "r+");
fseek($file, 3);
fwrite($file, "XYZ");
fseek($file, -4, SEEK_END);
var_dump(fread($file, 100), ftell($file), feof($file));
var_dump(ftruncate($file, 6));
fclose($file);
var_dump(file_get_contents("/work/new.txt"));

var_dump(scandir(__DIR__));
mkdir("/work/directory/deeper", 0755, true);
for ($number = 0; $number < 50; $number++) {
    file_put_contents("/work/directory/$number", $number);
}
$sum = 0;
foreach (new DirectoryIterator("/work/directory") as $entry) {
    if ($entry->isFile()) $sum += (int) file_get_contents($entry->getPathname());
}
var_dump($sum);
$names = [];
foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator("/project", FilesystemIterator::SKIP_DOTS)) as $path => $entry) {
    $names[] = $path;
}
sort($names);
echo implode("\n", $names), "\n";
var_dump(@rmdir("/work/directory"), rename("/work/new.txt", "/work/directory/moved.txt"));
var_dump(file_exists("/work/new.txt"), is_dir("/work/directory"), is_file("/work/directory/moved.txt"));
var_dump(touch("/work/touched"), filesize("/work/touched"), filemtime("/work/touched") > 1000000000);
var_dump(@file_get_contents("/nothing"), error_get_last()["message"] ?? null);
var_dump(copy("/project/data.csv", "/work/copy.csv"), md5_file("/work/copy.csv"), unlink("/work/copy.csv"));

$temporary = tempnam("/tmp", "php");
file_put_contents($temporary, json_encode(["list" => [1, 2.5, null], "text" => "naïve ☃"]));
var_dump(dirname($temporary), json_decode(file_get_contents($temporary), true));
unlink($temporary);

// A database: random access, journals, locks.
$database = new PDO("sqlite:/work/words.db");
$database->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
$database->exec("create table words (word text primary key, length integer)");
$database->beginTransaction();
$insert = $database->prepare("insert into words values (?, ?)");
for ($number = 0; $number < 1000; $number++) $insert->execute(["word$number", $number]);
$database->commit();
$database->beginTransaction();
$database->exec("delete from words");
$database->rollBack();
var_dump($database->query("select count(*), sum(length) from words")->fetch(PDO::FETCH_NUM));
var_dump($database->query("pragma integrity_check")->fetchColumn());
echo "done\n";
