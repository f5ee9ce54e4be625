"""Local files among the inputs go up; outputs that are addresses come down."""
