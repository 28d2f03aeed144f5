# A file of the project, required from the tree.
module Greeting
  def self.greet(whom) = "hello, #{whom}"
end
