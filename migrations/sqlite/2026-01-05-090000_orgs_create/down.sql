DROP TABLE departments;
DROP TABLE organizations;
