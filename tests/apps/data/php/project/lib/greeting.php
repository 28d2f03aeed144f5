<?php
// A file of the project, required from the tree.
function greet(string $whom): string
{
    return "hello, $whom";
}
