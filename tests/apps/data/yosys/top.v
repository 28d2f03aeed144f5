// A small design: a counter, an accumulator and a memory.
module top(input clk, input [7:0] a, output reg [7:0] q, output led);
  reg [23:0] count;
  reg [7:0] memory [0:255];
  always @(posedge clk) begin
    count <= count + 1;
    memory[a] <= q;
    q <= q + (memory[count[15:8]] ^ a);
  end
  assign led = count[23];
endmodule
