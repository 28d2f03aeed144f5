# What a Ruby project does with files. Prints the same on a host directory and packed.
$LOAD_PATH.unshift File.join(__dir__, "lib")
require "greeting"

puts "#{RUBY_VERSION} #{__FILE__} #{ARGV.inspect}"
puts Greeting.greet("packed world")
puts File.read(File.join(__dir__, "data.txt"))
File.foreach(File.join(__dir__, "data.txt")).with_index { |line, number| puts "#{number}: #{line.chomp}" }

File.write("/work/new.txt", "written\n")
File.open("/work/new.txt", "a") { |file| file.puts "appended" }
p File.read("/work/new.txt"), File.size("/work/new.txt")
File.open("/work/new.txt", "r+") do |file|
  file.seek(3)
  file.write("XYZ")
  file.seek(-4, IO::SEEK_END)
  p file.read, file.pos
  file.truncate(6)
end
p File.binread("/work/new.txt")

p Dir.children(__dir__).sort
p Dir.glob("/project/**/*.rb").sort
Dir.mkdir("/work/directory")
100.times { |number| File.write("/work/directory/#{number}", number.to_s) }
p Dir.each_child("/work/directory").sum { |name| File.read("/work/directory/#{name}").to_i }
begin
  Dir.rmdir("/work/directory")
rescue SystemCallError => error
  puts error.class
end

File.rename("/work/new.txt", "/work/directory/moved.txt")
p File.exist?("/work/new.txt"), File.exist?("/work/directory/moved.txt")
File.symlink("directory/moved.txt", "/work/soft")
p File.symlink?("/work/soft"), File.readlink("/work/soft"), File.read("/work/soft")
File.link("/work/directory/moved.txt", "/work/hard")
p File.identical?("/work/hard", "/work/soft")
File.utime(1_000_000_000, 1_234_567_890, "/work/hard")
p File.mtime("/work/directory/moved.txt").to_i
File.delete("/work/hard", "/work/soft")

["/nothing", "/project/data.txt/below"].each do |path|
  File.read(path)
rescue SystemCallError => error
  puts "#{path}: #{error.class}"
end

# From its own library, wherever that is.
begin
  require "json"
  File.write("/work/data.json", JSON.generate({ "list" => [1, 2.5, nil], "text" => "naïve ☃" }))
  p JSON.parse(File.read("/work/data.json"))
rescue LoadError => error
  puts "no json: #{error.message}"
end
puts "done"
