"""The benchmark: the same loads on Hounsfield and on Orthanc, in the same run, results checked for correctness."""
