"""Files of models checked against layercalc.yaml: the plan of it, the jobs run, the file started and updated."""
