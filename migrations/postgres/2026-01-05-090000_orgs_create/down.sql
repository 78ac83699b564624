DROP TABLE departments;
DROP TABLE organizations;
DROP FUNCTION zamu_platform();
DROP FUNCTION zamu_org();
