<?php
// A few files only: for engines that take their time.
require "/project/lib/greeting.php";
mkdir("/light");
file_put_contents("/light/new.txt", greet("light world"));
echo file_get_contents("/light/new.txt"), "\n", implode(" ", scandir("/light")), "\n";
