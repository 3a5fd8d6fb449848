/** Stands in for a Node-only package that vtk.js imports for a file format the app never reads. */
export const create = (): never => {
  throw new Error('xmlbuilder2 is not part of the web app');
};
