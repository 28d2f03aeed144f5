//! A program in Zig: what its standard library does of files, without any libc. It prints what it saw.
const std = @import("std");
const Io = std.Io;

fn lessThan(_: void, a: []const u8, b: []const u8) bool {
    return std.mem.lessThan(u8, a, b);
}

pub fn main(init: std.process.Init) !void {
    const io = init.io;
    const arena = init.arena.allocator();
    var buffer: [1024]u8 = undefined;
    var writer: Io.File.Writer = .initStreaming(.stdout(), io, &buffer);
    const out = &writer.interface;

    // The first preopened directory is the current one.
    const root = Io.Dir.cwd();
    try out.print("{s}", .{try root.readFileAlloc(io, "data/hello.txt", arena, .unlimited)});
    // Zig asks WASI not to follow links.
    if (root.openFile(io, "data/sub/link-to-hello", .{})) |_| {
        try out.print("followed a link\n", .{});
    } else |err| try out.print("a link: {t}\n", .{err});
    var target: [64]u8 = undefined;
    const length = try root.readLink(io, "data/sub/link-to-hello", &target);
    try out.print("it leads to {s}\n", .{target[0..length]});
    const blob = try root.readFileAlloc(io, "data/blob.bin", arena, .unlimited);
    try out.print("blob: {d} bytes, crc {x}\n", .{ blob.len, std.hash.Crc32.hash(blob) });
    const stat = try root.statFile(io, "data/hello.txt", .{});
    try out.print("stat: {t}, {d} bytes, {d} names\n", .{ stat.kind, stat.size, stat.nlink });

    try root.createDir(io, "work/new", .default_dir);
    try root.writeFile(io, .{ .sub_path = "work/new/one", .data = "first\n" });
    try root.rename("work/new/one", root, "work/new/two", io);
    try root.symLink(io, "two", "work/new/link", .{});
    try out.print("{s}", .{try root.readFileAlloc(io, "work/new/two", arena, .unlimited)});
    if (root.openFile(io, "data/nothing", .{})) |_| {
        try out.print("opened what is not there\n", .{});
    } else |err| try out.print("no such file: {t}\n", .{err});

    var dir = try root.openDir(io, "data", .{ .iterate = true });
    defer dir.close(io);
    var names: std.ArrayList([]const u8) = .empty;
    var entries = dir.iterate();
    while (try entries.next(io)) |entry| {
        try names.append(arena, try std.fmt.allocPrint(arena, "{s} {t}", .{ entry.name, entry.kind }));
    }
    std.mem.sort([]const u8, names.items, {}, lessThan);
    for (names.items) |name| try out.print("  {s}\n", .{name});
    try root.deleteTree(io, "work/new");
    try out.print("done\n", .{});
    try out.flush();
}
